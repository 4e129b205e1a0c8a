"""Takes README's picture of a report: python docs/picture.py RUN_FOLDER, after a run of the default scenario."""

import shutil
import sys
from pathlib import Path

WIDTH, HEIGHT = 1280, 800


def take(report: Path, picture: Path) -> None:
    """Save what the page shows when it opens."""
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        tab.goto(report.resolve().as_uri())
        tab.wait_for_function("() => window.twinReport.ready")
        tab.evaluate("() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))")
        tab.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]) / "report.html", Path(__file__).parent / "report.png")
