import re
from pathlib import Path

import polib
from django.conf import settings

CALLS = [
    r"""\{%\s*translate\s+(?P<q>["'])(?P<id>.+?)(?P=q)(?:\s+context\s+"(?P<context>\w+)")?""",
    r"""(?<![\w.])_\((?P<q>["'])(?P<id>.+?)(?P=q)\)""",
    r"""pgettext_lazy\("(?P<context>\w+)",\s*(?P<q>["'])(?P<id>.+?)(?P=q)\)""",
]


def test_no_message_of_the_interface_lacks_chinese():
    base = Path(settings.BASE_DIR)
    catalogue = polib.pofile(str(base / "apps/ui/locale/zh_Hans/LC_MESSAGES/django.po"))
    known = {(entry.msgctxt, entry.msgid) for entry in catalogue if entry.translated() and not entry.fuzzy}
    missing = []
    for file in [*base.glob("templates/ui/*.html"), *base.glob("apps/ui/**/*.py")]:
        source = file.read_text()
        for call in CALLS:
            for found in re.finditer(call, source):
                groups = found.groupdict()
                if (groups.get("context"), groups["id"]) not in known:
                    missing.append((file.name, groups["id"]))
    assert missing == []
