#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Opens the page of vmm-inspect in a real browser, uses it, and compares it with the JSON.

  run_page.py VMM_INSPECT MAKE_DUMP [DIRECTORY]

Screenshots are written to the directory, if one is given. Without Chromium it skips.
"""

import json
import os
import random
import sys
import tempfile

import browser
import tap
from run_inspect import Dump, Tool, damaged, grouped, put

SKIPPED = 77
PAGE_SIZE = {"aarch64-4k": 4096, "aarch64-64k": 65536, "riscv-sv39": 4096, "riscv-sv48": 4096}


class Page:
    """A page in the browser, and the JSON that it was made of."""

    def __init__(self, window, tool, options, path, screenshots):
        self.window, self.screenshots = window, screenshots
        tool.run(*options, "--html", path, "--json", path + ".json")
        with open(path + ".json", encoding="utf-8") as file:
            self.document = json.load(file)
        self.path = path
        self.mappings = [mapping for space in self.document["spaces"]
                         for mapping in space["mappings"]]
        self.open()

    def open(self):
        self.window.events.clear()
        self.window.open(self.path)
        self.settle()

    def settle(self):
        self.window.wait("!('moving' in document.documentElement.dataset)", "the end of motion")

    def text(self, selector):
        return self.window.evaluate(f"document.querySelector({json.dumps(selector)})?.textContent")

    def texts(self, selector):
        return self.window.evaluate(
            f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.textContent)")

    def press(self, key, count=1):
        for _ in range(count):
            self.window.key(key)
        self.settle()

    def search(self, text):
        self.window.key("/")
        self.window.evaluate("document.getElementById('query').select()")
        self.window.type(text)
        self.window.key("Enter")
        self.settle()

    def view(self):
        """First and last address in view."""
        return tuple(int(self.window.evaluate(f"document.documentElement.dataset.{name}"), 16)
                     for name in ("from", "last"))

    def axis(self, va):
        """Where an address is on the drawn axis, which leaves out what no table translates."""
        space = self.document["spaces"][0 if va < 2 ** 63 else -1]
        if va < 2 ** 63:
            return va
        halves = 1 if space["half"] == "both" else 0
        lower = 0 if self.document["spaces"][0]["half"] == "upper" else \
            2 ** (self.document["spaces"][0]["va_bits"] - halves)
        return lower + va - (2 ** 64 - 2 ** (space["va_bits"] - halves))

    def shoot(self, name, whole=False):
        if self.screenshots:
            self.window.screenshot(os.path.join(self.screenshots, name + ".png"), whole)


def check_sound(page):
    tap.same(page.window.exceptions(), [], "exceptions in the page's scripts")
    tap.same(page.window.requests(), ["file://" + page.path], "what the page asked for")


def check_rows(page):
    """The list has every mapping of the JSON."""
    rows = page.window.evaluate(
        "[...document.querySelectorAll('#rows tr')].map(r => [...r.cells].map(c => c.textContent))")
    tap.same([(row[0], row[1], row[3], row[4], row[5] + row[6]) for row in rows],
             [(mapping["name"], grouped(mapping["va"]), grouped(mapping["pa"]), mapping["memory"],
               mapping["rights"]) for mapping in page.mappings], "the rows")
    figures = page.text("#figures")
    tap.true("Kernel code and Patching, writable and executable" in figures, figures)
    tap.true("Trampoline" in figures, figures)


def check_search(page, tool, options):
    """What the page says of an address is what the program walks to."""
    generator = random.Random(5)
    for mapping in page.mappings:
        va = int(mapping["va"], 16) + generator.randrange(int(mapping["size"], 16))
        page.search(hex(va))
        pa = int(mapping["pa"], 16) + va - int(mapping["va"], 16)
        tap.same(page.text("#chosen-va"), grouped(hex(va)), "the chosen address")
        tap.same(page.text("#chosen-pa"), grouped(hex(pa)), f"where {va:#x} leads")
        tap.same(page.text("#chosen-name"), mapping["name"], f"the name at {va:#x}")
        walked = tool.run(*options, "--walk", hex(va)).splitlines()[1:-1]
        steps = page.texts("#steps .says")
        tap.same(len(steps), len(walked), f"steps to {va:#x}")
        for step, line in zip(steps, walked):
            for word in line.replace(",", "").replace(":", "").split():
                tap.true(word.lower() in step.lower(), f"{word!r} of {line!r} is not in {step!r}")
        first, last = page.view()
        tap.true(first <= int(mapping["va"], 16) and
                 last >= int(mapping["va"], 16) + int(mapping["size"], 16) - 1,
                 f"{mapping['name']} is not in view")


def check_names(page):
    page.search("framebuf")
    framebuffer = next(m for m in page.mappings if m["name"] == "Framebuffer")
    tap.same(page.text("#chosen-va"), grouped(framebuffer["va"]), "a name's address")
    page.search("no such name")
    tap.true("Nothing has that address or name" in page.text("#status"), page.text("#status"))
    guard = next(name for name in page.document["names"] if name["kind"] == "guard")
    page.search(hex(int(guard["va"], 16) + 8))
    tap.true("nothing: an access faults" == page.text("#chosen-pa"), "a guard is not mapped")
    tap.same(page.text("#chosen-name"), guard["name"], "the guard's name")
    page.search("0x0fff000000000000")
    tap.true("No table translates" in page.text("#steps"), "an address between the halves")


def check_zoom(page, page_size):
    """From the whole space to one page by keys alone, and back."""
    page.open()
    whole = page.view()
    tap.same(whole, (0, 2 ** 64 - 1), "the whole space")
    page.search("Kernel data")
    page.press("Home")
    tap.same(page.view(), whole, "the whole space again")
    sizes = []
    for _ in range(40):
        page.press("+")
        first, last = page.view()
        sizes.append(last - first + 1)
        if sizes[-1] == page_size:
            break
    tap.same(sizes[-1], page_size, "the least view is a page")
    tap.same(sorted(sizes, reverse=True), sizes, "each view is smaller than the one before")
    chosen = int(page.text("#chosen-va").replace("_", ""), 16)
    page.press("g")
    tap.same(page.view(), (chosen, chosen + page_size - 1), "the chosen page")
    page.press("-", 30)
    tap.same(page.view(), whole, "as far out as it goes")


def check_steps(page):
    """n and p go through all mappings, and round."""
    page.open()
    names = []
    for _ in page.mappings:
        names.append(page.text("#chosen-name"))
        page.press("n")
    tap.same(names, [mapping["name"] for mapping in page.mappings], "mappings by n")
    tap.same(page.text("#chosen-name"), names[0], "behind the last one comes the first one")
    page.press("p")
    tap.same(page.text("#chosen-name"), names[-1], "before the first one comes the last one")
    first, last = page.view()
    page.press("ArrowRight", 2)
    tap.true(page.view()[1] <= 2 ** 64 - 1, "the view stays in the space")
    page.press("ArrowLeft", 4)
    tap.true(page.view()[0] < first, "the view moved")


def rectangles(page):
    return {row[0]: row[1:] for row in page.window.evaluate(
        "[...document.querySelectorAll('#drawing rect[data-va]')].map(r => [r.dataset.va, "
        "+r.getAttribute('x'), +r.getAttribute('width'), r.getBoundingClientRect().top, "
        "r.getBoundingClientRect().left, r.getAttribute('class')])")}


def check_scale(page):
    """Boxes are where and as wide as addresses say, in the color of what they are."""
    page.search("Kernel code")
    page.press("-", 2)
    first, last = map(page.axis, page.view())
    width = page.window.evaluate("document.getElementById('drawing').clientWidth")
    # The last one drawn of each is the view's, as it is drawn last.
    boxes = rectangles(page)
    seen = 0
    for mapping in page.mappings:
        va, size = page.axis(int(mapping["va"], 16)), int(mapping["size"], 16)
        if va < first or va + size - 1 > last or mapping["va"] not in boxes:
            continue
        x, wide, _, _, kind = boxes[mapping["va"]]
        scale = width / (last - first + 1)
        tap.true(abs(x - (va - first) * scale) < 1, f"{mapping['name']} is at {x}")
        tap.true(abs(wide - size * scale) < 1 or wide == 2, f"{mapping['name']}: {wide} wide")
        tap.same(kind.split()[0], mapping["class"], f"the color of {mapping['name']}")
        seen += 1
    tap.true(seen >= 3, f"only {seen} mappings are seen by themselves")


def check_mouse(page):
    """A click chooses, a double click fills the view, the wheel zooms where the mouse is."""
    page.search("Kernel data")
    page.press("-", 1)
    stack = next(m for m in page.mappings if m["name"] == "Kernel stack")
    page.window.evaluate("scrollTo(0, 0)")
    _, width, top, left, _ = rectangles(page)[stack["va"]]
    page.window.click(left + width / 2, top + 20)
    page.settle()
    tap.same(page.text("#chosen-name"), "Kernel stack", "what was clicked")
    before = page.view()
    page.window.wheel(left + width / 2, top + 20, -240)
    page.settle()
    after = page.view()
    tap.true(after[1] - after[0] < before[1] - before[0], "the wheel zooms in")
    tap.true(after[0] <= int(stack["va"], 16) + int(stack["size"], 16) // 2 <= after[1],
             "and keeps what is under the mouse")
    page.window.evaluate("document.querySelector('[data-do=whole]').click()")
    page.settle()
    tap.same(page.view(), (0, 2 ** 64 - 1), "the button for the whole space")
    page.window.evaluate("document.querySelector('#row-1 button').click()")
    page.settle()
    tap.same(page.text("#chosen-name"), page.mappings[1]["name"], "a click in the list")


def check_themes(page):
    """Light or dark as the user likes it, and by key; every text stands out."""
    colors = "JSON.stringify([getComputedStyle(document.body).backgroundColor, " \
             "getComputedStyle(document.body).color])"
    page.window.scheme("light")
    page.open()
    light = json.loads(page.window.evaluate(colors))
    page.shoot("light", True)
    page.window.scheme("dark")
    page.window.wait("document.documentElement.dataset.theme === 'dark'", "the dark")
    dark = json.loads(page.window.evaluate(colors))
    page.shoot("dark", True)
    brightness = lambda color: sum(int(n) for n in color[4:-1].split(",")[:3])
    tap.true(brightness(light[0]) > 600 and brightness(light[1]) < 200, f"light: {light}")
    tap.true(brightness(dark[0]) < 200 and brightness(dark[1]) > 600, f"dark: {dark}")
    page.press("t")
    tap.same(json.loads(page.window.evaluate(colors)), light, "light again by t")
    page.window.scheme("light")


def check_motion(page):
    """With motion allowed a search ends in the same view as without."""
    page.search("Console")
    still = page.view()
    page.window.scheme("light", still=False)
    page.press("Home")
    page.search("Console")
    tap.same(page.view(), still, "the view after a motion")
    page.window.scheme("light")


def check_damage(window, tool, dump, directory, screenshots):
    """Damage is drawn and listed, and random memory draws something, too."""
    root = int(dump.roots[0], 16) - dump.base
    generator = random.Random(3)

    def loop(memory):
        put(memory, root + 8, (int(dump.roots[0], 16) | 3))
        put(memory, root + 16, 1 << 47 | 1)

    def noise(memory):
        for at in range(1 << 20, (1 << 20) + (1 << 16), 8):
            pa = dump.base + (1 << 20) + (generator.randrange(1 << 16) & ~0xfff)
            put(memory, at, generator.choice((pa | 3, generator.getrandbits(47) | 0x703, 0)))

    page = Page(window, tool, damaged(dump, directory, loop),
                os.path.join(directory, "damaged.html"), screenshots)
    check_sound(page)
    tap.true("the table is one of those that lead to it" in page.text("#figures"), "the damage")
    page.search(hex(1 << 39))
    tap.true("one of those that lead to it" in page.texts("#steps .says")[-1], "the walk ends there")
    page.shoot("damaged")
    page = Page(window, tool, damaged(dump, directory, noise) + ["--limit", "20000"],
                os.path.join(directory, "noise.html"), screenshots)
    check_sound(page)
    page.press("+", 3)
    tap.true(len(page.mappings) > 100, f"the noise has {len(page.mappings)} mappings")
    page.shoot("noise")
    check_sound(page)


def cases_of(window, tool, dump, directory, screenshots):
    options = dump.options()
    path = os.path.join(directory, dump.name + ".html")
    pages = []

    def page():
        if not pages:
            pages.append(Page(window, tool, options, path, screenshots))
        return pages[0]

    def finish():
        page().search("Kernel stack")
        page().press("-", 1)
        page().shoot(dump.name + "-kernel")
        check_sound(page())

    cases = [
        ("the page opens, complains of nothing and asks for nothing", lambda: check_sound(page())),
        ("the list has what the JSON has", lambda: check_rows(page())),
        ("an address is found, and its walk is the program's",
         lambda: check_search(page(), tool, options)),
        ("names are found, and what isn't there is said not to be", lambda: check_names(page())),
        ("keys zoom from the whole space to one page",
         lambda: check_zoom(page(), PAGE_SIZE[dump.name])),
        ("n and p go through all mappings", lambda: check_steps(page())),
        ("boxes are to scale and of the right color", lambda: check_scale(page())),
        ("the mouse chooses and zooms", lambda: check_mouse(page())),
        ("motion ends where stillness does", lambda: check_motion(page())),
        ("it is light or dark as the user likes", lambda: check_themes(page())),
        ("after all of that nothing went wrong", finish),
    ]
    return [(f"{name} ({dump.name})", function) for name, function in cases]


def main():
    path = browser.find()
    if path is None:
        print("There is no Chromium, so that the page isn't tested. ./dev setup all installs it.")
        return SKIPPED
    tool = Tool(os.path.abspath(sys.argv[1]))
    screenshots = sys.argv[3] if len(sys.argv) > 3 else None
    window = browser.Browser(path, 1280, 1000)
    try:
        window.scheme("light")
        with tempfile.TemporaryDirectory() as directory:
            cases = []
            for name in ("aarch64-4k", "riscv-sv39"):
                dump = Dump(sys.argv[2], directory, name)
                cases += cases_of(window, tool, dump, directory, screenshots)
                if name == "aarch64-4k":
                    cases.append(("damage is shown, and noise breaks nothing",
                                  lambda dump=dump: check_damage(window, tool, dump, directory,
                                                                 screenshots)))
            return tap.run(cases)
    finally:
        window.close()


if __name__ == "__main__":
    sys.exit(main())
