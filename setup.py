"""What pyproject.toml can't say: the repository's folders are the packages below `motiongpt`, which is its root."""

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py


class BuildPy(build_py):
    """Of the root's own files, those that belong to the package: build_addon.py and this one stay out."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        modules = super().find_package_modules(package, package_dir)
        return [found for found in modules if package != "motiongpt" or found[1] in ("__init__", "__main__")]


FOLDERS = find_packages(include=["addon*", "backend*", "retarget*"])

setup(
    packages=["motiongpt", *(f"motiongpt.{folder}" for folder in FOLDERS)],
    package_dir={"motiongpt": "."},
    cmdclass={"build_py": BuildPy},
)
