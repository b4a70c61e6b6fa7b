import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { faintTexts } from "./faint-texts";

/** A browser profile with its own network address. */
export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the content security policy blocked and the errors of scripts. It must be empty when the test ends. */
  readonly problems: string[];
  /** Saves a screenshot of the whole page in `.tmp/screenshots`. */
  picture(name: string): Promise<void>;
  /** Saves a screenshot in light and in dark colours, and checks that all texts are legible and nothing was blocked. */
  inBothColours(name: string): Promise<void>;
}

export interface Visitors {
  /** Opens a visitor for one test, which fails if the policy blocked anything. A failed test leaves a screenshot. */
  visitor(options?: { colorScheme?: "light" | "dark" }): Promise<Visitor>;
  close(): Promise<void>;
}

/** Gives a page a virtual authenticator that always verifies its user. */
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

/** The whole page, with all transitions of colours finished. */
const still = { fullPage: true, animations: "disabled" } as const;

/** Starts Debian's Chromium, or the browser that CHROMIUM_BIN names. */
export async function openVisitors(): Promise<Visitors> {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_BIN ?? "/usr/bin/chromium",
    args: ["--no-sandbox"], // it opens only pages of the tests
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
  context.setDefaultNavigationTimeout(45_000); // the first page of a server that has just started, on a loaded machine
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
    // The browser also reports refusals of the server as errors, and many tests expect refusals.
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
