import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { quoteForShell } from "#src/platform/quote-for-shell";

test("a word without special characters stays unchanged", () => {
  expect(quoteForShell("--configFile=/srv/portcullis/data/traefik.yml")).toBe(
    "--configFile=/srv/portcullis/data/traefik.yml",
  );
});

test("a shell reads every quoted word back unchanged", () => {
  const words = [
    "/my data/x",
    "it's",
    `"$HOME"`,
    "$(id)",
    "`id`",
    "a\\b",
    "*",
    "~",
    "a;b",
    "a&b",
    "#",
    "",
    "é ü",
    "-n",
    "\n",
    "!x",
  ];
  const command = `printf '%s\\0' ${words.map(quoteForShell).join(" ")}`;
  expect(execFileSync("sh", ["-c", command], { encoding: "utf8" }).split("\0").slice(0, -1)).toEqual(words);
});
