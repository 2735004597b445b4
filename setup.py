"""What pyproject.toml can't say: the repository's folders are the packages below `motiongpt`, which is its root."""

from setuptools import find_packages, setup

FOLDERS = find_packages(include=["addon*", "backend*", "retarget*"])

setup(
    packages=[f"motiongpt.{folder}" for folder in FOLDERS],
    # Named one by one, so that build_addon.py and this file stay out.
    py_modules=["motiongpt.__init__", "motiongpt.__main__"],
    package_dir={"motiongpt": "."},
)
