"""PyYAML of Debian's package, also for a python3 from elsewhere, which does not look where Debian has it."""
import sys

try:
    import yaml
except ImportError:
    sys.path.append("/usr/lib/python3/dist-packages")
    import yaml  # noqa: for those who import this
