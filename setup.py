"""What pyproject.toml can't say: the repository's root is the package `motiongpt`, its folders those below it."""

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

FOLDERS = find_packages(include=["addon*", "backend*", "retarget*"])


class BuildPackage(build_py):
    """Leaves out the tools at the root, build_addon.py and this file, which are not part of the package."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        modules = super().find_package_modules(package, package_dir)
        return [m for m in modules if package != "motiongpt" or m[1] in ("__init__", "__main__")]


setup(
    packages=["motiongpt", *(f"motiongpt.{folder}" for folder in FOLDERS)],
    package_dir={"motiongpt": "."},
    cmdclass={"build_py": BuildPackage},
)
