"""A node's console under a WSGI server: `granian --interface wsgi creditzone.node_wsgi:application`."""

import os
import sys

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditzone.settings.node")
application = get_wsgi_application()

from apps.node.config import ConfigError  # noqa: E402 (after Django is set up)
from apps.node.console.door import the_node  # noqa: E402

try:
    the_node()
except ConfigError as error:
    sys.exit(str(error))
