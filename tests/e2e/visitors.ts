import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { faintTexts } from "./faint-texts";

/** Somebody with a browser: a profile of their own, at an address of their own. */
export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the pages' policy stopped, what scripts threw or called an error: nothing, when the test ends. */
  readonly problems: string[];
  /** Keeps a picture of the whole page in `.tmp/screenshots`. */
  picture(name: string): Promise<void>;
  /** Keeps a picture in light and one in dark colours; in both every text can be read and nothing has been stopped. */
  inBothColours(name: string): Promise<void>;
}

export interface Visitors {
  /** For one test, which fails if a policy stopped anything; of a test that failed there is a picture. */
  visitor(options?: { colorScheme?: "light" | "dark" }): Promise<Visitor>;
  close(): Promise<void>;
}

/** Gives a page an authenticator that has a fingerprint, and always the right one. */
export async function addAuthenticator({ page, context }: Visitor): Promise<void> {
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

const pictures = join(import.meta.dirname, "../../.tmp/screenshots");

/** Of the whole page, and with colours that are on their way arrived. */
const still = { fullPage: true, animations: "disabled" } as const;

/** Starts Debian's Chromium, or what CHROMIUM_BIN names. */
export async function openVisitors(): Promise<Visitors> {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_BIN ?? "/usr/bin/chromium",
    args: ["--no-sandbox"], // it is the tests' own pages that it opens
  });
  mkdirSync(pictures, { recursive: true });
  let visitors = 0;
  return {
    visitor: ({ colorScheme = "light" } = {}) => {
      visitors += 1;
      return newVisitor(browser, colorScheme, `203.0.113.${visitors}`);
    },
    close: () => browser.close(),
  };
}

async function newVisitor(browser: Browser, colorScheme: "light" | "dark", address: string): Promise<Visitor> {
  const context = await browser.newContext({
    colorScheme,
    extraHTTPHeaders: { "x-forwarded-for": address },
    reducedMotion: "reduce",
    locale: "en-GB",
  });
  context.setDefaultTimeout(15_000);
  context.setDefaultNavigationTimeout(45_000); // the first page of a server that has just started, on a busy machine
  const problems: string[] = [];
  await context.exposeBinding("reportProblem", (_source, problem: string) => void problems.push(problem));
  await context.addInitScript(() => {
    document.addEventListener(
      "securitypolicyviolation",
      ({ violatedDirective, blockedURI, sourceFile, lineNumber }) => {
        const report: unknown = Reflect.get(window, "reportProblem");
        if (typeof report === "function") report(`${violatedDirective} ${blockedURI} ${sourceFile}:${lineNumber}`);
      },
    );
  });
  context.on("weberror", (error) => void problems.push(String(error.error())));
  context.on("console", (message) => {
    const text = message.text();
    if (/content security policy|hydrat/i.test(text)) problems.push(text);
    // What the server refuses stands there as an error too, and is what many a test is about.
    else if (message.type() === "error" && !text.startsWith("Failed to load resource")) problems.push(text);
  });
  const page = await context.newPage();
  const picture = async (name: string) => {
    await page.screenshot({ ...still, path: join(pictures, `${name}-${colorScheme}.png`) });
  };
  const inBothColours = async (name: string) => {
    for (const scheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.locator(`html[data-mantine-color-scheme="${scheme}"]`).waitFor();
      await page.screenshot({ ...still, path: join(pictures, `${name}-in-${scheme}.png`) });
      expect(await faintTexts(page), `${name} in ${scheme}`).toEqual([]);
    }
    await page.emulateMedia({ colorScheme });
    expect(problems, name).toEqual([]);
  };
  onTestFinished(async ({ task }) => {
    if (task.result?.state === "fail") await picture(`failed-${task.name.replaceAll(/\W+/g, "-")}`);
    await context.close();
    expect(problems).toEqual([]);
  });
  return { page, context, problems, picture, inBothColours };
}
