import { spawn, type ChildProcess } from "node:child_process";

import { chromium, type Browser, type Locator, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { findChromium } from "./chromium.ts";
import { program } from "./running.ts";

let browser: Browser;

beforeAll(async () => {
  // Chromium has no sandbox for root.
  browser = await chromium.launch({ executablePath: findChromium(), chromiumSandbox: process.getuid?.() !== 0, args: ["--disable-background-networking"] });
});

afterAll(() => browser.close());

interface Running extends AsyncDisposable {
  readonly at: string;
  readonly child: ChildProcess;
}

async function start(speed: number): Promise<Running> {
  const child = spawn(process.execPath, [program("earthquakes"), "--port", "0", "--quiet", "--speed", String(speed)], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = new Promise((resolve) => child.once("close", resolve));
  const at = await new Promise<string>((resolve) => child.stdout.once("data", (chunk: Buffer) => resolve(/http:\S+/.exec(chunk.toString())?.[0] ?? "")));
  return {
    at,
    child,
    async [Symbol.asyncDispose]() {
      child.kill("SIGINT");
      await closed;
    },
  };
}

/** A page, and what goes wrong in it. */
async function open(url: string): Promise<{ readonly page: Page; readonly errors: readonly string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (entry) => {
    if (entry.type() === "error") errors.push(entry.text());
  });
  await page.goto(url);
  return { page, errors };
}

const count = async (locator: Locator): Promise<number> => Number((await locator.textContent())?.replaceAll(",", ""));

test("the fast client sees every quake, the slow one the latest of each place", async () => {
  // Seven days in three seconds.
  await using running = await start(200_000);
  const { page, errors } = await open(`${running.at}/?slow=20`);
  const fast = page.locator("#fast");
  const slow = page.locator("#slow");
  for (const client of [fast, slow]) await client.getByText("the week is over").waitFor();

  const sent = await count(slow.locator(".sent b"));
  const superseded = await count(slow.locator(".superseded b"));
  expect(await count(fast.locator(".sent b"))).toBeGreaterThan(sent);
  expect(sent).toBeGreaterThan(0);
  expect(superseded).toBeGreaterThan(0);
  // In the end both know the same of each place.
  const rows = await fast.locator("tr").allTextContents();
  expect(rows[0]).toMatch(/^California2\.04km W of CastaicWed,? 7 Feb,? 01:26$/);
  expect(await slow.locator("tr").allTextContents()).toEqual(rows);
  expect(await page.locator("#clock").textContent()).toMatch(/^Wed,? 7 Feb,? 01:26 UTC$/);
  expect(errors).toEqual([]);
  await page.close();
});

test("the map shows the land and a circle for each quake, of the last 250 at most", async () => {
  await using running = await start(200_000);
  const { page } = await open(`${running.at}/?slow=0`);
  const fast = page.locator("#fast");
  await fast.getByText("the week is over").waitFor();
  expect((await fast.locator(".land").getAttribute("d"))?.length).toBeGreaterThan(10_000);
  const box = await fast.locator(".land").boundingBox();
  expect(box?.width).toBeGreaterThan(300);
  const circles = await fast.locator("circle").count();
  expect(circles).toBeGreaterThan(100);
  expect(circles).toBeLessThanOrEqual(250);
  expect(await fast.locator("tbody tr").count()).toBe(8);
  await page.close();
});

test("another pace is another client: the page begins anew, and the server forgets the one before", async () => {
  await using running = await start(2000);
  const { page, errors } = await open(`${running.at}/?slow=60000`);
  const slow = page.locator("#slow");
  await slow.locator("tbody tr").first().waitFor();
  await slow.locator("select").selectOption("0");
  await expect.poll(() => count(slow.locator(".sent b"))).toBeGreaterThan(3);
  expect(await count(slow.locator(".superseded b"))).toBe(0);
  expect(errors).toEqual([]);
  await page.close();
});

test("a page whose server is gone tries to connect again", async () => {
  const running = await start(2000);
  const { page } = await open(running.at);
  await page.locator("#fast").getByText("listening").waitFor();
  await running[Symbol.asyncDispose]();
  await page.locator("#fast").getByText("connecting").waitFor();
  await page.close();
});
