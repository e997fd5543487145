"""The portal under a WSGI server: `granian --interface wsgi creditzone.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditzone.settings.portal")
application = get_wsgi_application()
