"""A node's console under a WSGI server: `granian --interface wsgi creditzone.node_wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditzone.settings.node")
application = get_wsgi_application()
