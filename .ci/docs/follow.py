"""Follows the pages of this folder literally, each on a copy of the repository: whatever they say must work.

    follow.py [PAGE.md…]

A block of Go whose first line is a comment with a path becomes that file; a block of diff is applied; a block of sh is run at the
root and must succeed.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BLOCK = re.compile(r"^```(go|diff|sh)\n(.*?)^```$", re.M | re.S)


def follow(page, folder):
    """What went wrong, or None."""
    for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "go":
            comment, rest = text.split("\n", 1)
            target = folder / comment.removeprefix("// ")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(rest, encoding="utf-8")
            continue
        command = ["patch", "-p1", "--no-backup-if-mismatch"] if kind == "diff" else ["bash", "-e"]
        done = subprocess.run(command, cwd=folder, input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            return "%s\n%s" % (text, done.stdout)
    return None


def main():
    status = 0
    for page in [pathlib.Path(p) for p in sys.argv[1:]] or sorted(HERE.glob("add-*.md")):
        with tempfile.TemporaryDirectory() as folder:
            files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
            work = pathlib.Path(folder) / "graft"
            work.mkdir()
            archive = subprocess.run(["tar", "c", "--null", "--no-recursion", "-T", "-"], cwd=ROOT, input=files, capture_output=True, check=True)
            subprocess.run(["tar", "x"], cwd=work, input=archive.stdout, check=True)
            wrong = follow(page, work)
        print("%s: %s" % (page.name, wrong or "ok"))
        status |= bool(wrong)
    return status


if __name__ == "__main__":
    sys.exit(main())
