import { expect, test } from "vitest";
import { problemOf } from "../../bin/commit-message.mjs";

test.each([
  "feat(routes): accept wildcards",
  "fix: answer 409 when the name is taken",
  "refactor(http/rest)!: name the path once",
  "build: pack the built product\n\nThe reason is here.\n\n# Please enter the commit message\n#\n",
  "chore: update the lockfile\r\n\r\nThe reason.\r\n",
  "Merge branch 'routes'",
  'Revert "feat(routes): accept wildcards"',
  "fixup! feat(routes): accept wildcards",
])("the commit message %j is accepted", (message) => {
  expect(problemOf(message)).toBeNull();
});

test.each([
  ["Accept wildcards", /^The first line must be "type\(scope\): subject"/],
  ["feature: accept wildcards", /the type one of build, chore/],
  ["feat(Routes): accept wildcards", /The first line must be/],
  ["feat:accept wildcards", /The first line must be/],
  ["feat: ", /The first line must be/],
  ["", /The first line must be/],
  [`feat: ${"x".repeat(120)}`, /has 126 characters/],
  ["feat: accept wildcards.", /full stop/],
  ["feat: accept wildcards\nand more", /second line must be empty/],
])("the commit message %j is refused with the reason", (message, problem) => {
  expect(problemOf(message)).toMatch(problem);
});
