#!/usr/bin/env python3
"""Each alert of Prometheus' rules, and each that an engine can raise, has a section in docs/runbooks.md that says what it means and what to do,
each rule points at its own, and there is no section of an alert that is none.

usage: runbooks_test.py ATS     prints what was wrong; exits 1 when anything was
"""
import glob, os, re, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from checks import expect, finish
from debian_yaml import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def text(path):
    with open(os.path.join(ROOT, path)) as file:
        return file.read()


book = text("docs/runbooks.md")
sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^#+ |\Z)", book, re.M | re.S))
rules = [rule for group in yaml.safe_load(text("deploy/prometheus/ats.rules.yaml"))["groups"] for rule in group["rules"] if "alert" in rule]
codes = re.findall(r'return "(\w+)";', re.search(r"const char\* name\(AlertCode code\) \{(.*?)\n\}", text("src/domain/names.cpp"), re.S)[1])
codes.remove("?") if "?" in codes else None
expect(len(rules) > 15 and len(codes) > 10, "the alerts are found")
for rule in rules:
    expect(rule["annotations"].get("runbook") == f"docs/runbooks.md#{rule['alert'].lower()}", f"{rule['alert']} points at its section")
for name in [*(rule["alert"] for rule in rules), *codes]:
    section = sections.get(name)
    if expect(section is not None, f"{name} has a section"):
        expect("**Means**" in section, f"{name}: what it means")
        expect("**Do**" in section or re.search(r"see \[", section), f"{name}: what to do")
expect(set(sections) == {rule["alert"] for rule in rules} | set(codes), f"sections of no alert: {set(sections) - {r['alert'] for r in rules} - set(codes)}")
for target in re.findall(r"\]\(#([^)]+)\)", book):
    expect(target in {name.lower() for name in sections}, f"a link to #{target}")

# Links between pages lead somewhere, sections included.
anchor = lambda title: re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
for page in sorted(glob.glob(os.path.join(ROOT, "docs/*.md")) + [os.path.join(ROOT, name) for name in ("README.md", "ARCHITECTURE.md")]):
    folder = os.path.dirname(page)
    for target, section in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", text(page)):
        path = os.path.normpath(os.path.join(folder, target)) if target else page
        if expect(os.path.exists(path), f"{os.path.relpath(page, ROOT)}: a link to {target}") and section and path.endswith(".md"):
            titles = {anchor(title) for title in re.findall(r"^#+ (.*)$", text(path), re.M)}
            expect(section in titles, f"{os.path.relpath(page, ROOT)}: a link to {target}#{section}")

finish()
