import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  digestOf,
  type OpenedApplication,
  type Opening,
  opensNothing,
  presentOpening,
  requireConfirmed,
} from "#src/features/applications/rules";
import { Refusal } from "#src/platform/errors/refusal";

const place = (host: string, pathPrefix = "", enabled = true) => ({ host, pathPrefix, enabled });
const wiki: OpenedApplication = {
  applicationId: "app_1",
  name: "Wiki",
  isClosed: false,
  routes: [place("wiki.example.org"), place("wiki.example.org", "/admin"), place("www.example.org")],
};
const opening = (...applications: OpenedApplication[]): Opening => ({
  act: "access",
  organizationId: "org_1",
  applications,
});

/** The reason with which a change is refused; null if it is not. */
function refusalOf(opened: Opening, confirm?: string): string | null {
  try {
    requireConfirmed(opened, confirm);
    return null;
  } catch (error) {
    return error instanceof Refusal ? error.reason : "another error";
  }
}

describe("what a change makes public (G8)", () => {
  test("everything that a person confirms changes the digest: organization, act, applications, names, states and routes", () => {
    const others: Opening[] = [
      { ...opening(wiki), organizationId: "org_2" },
      { ...opening(wiki), act: "never_public" },
      opening(),
      opening(wiki, { ...wiki, applicationId: "app_2" }),
      opening({ ...wiki, applicationId: "app_2" }),
      opening({ ...wiki, name: "Shop" }),
      opening({ ...wiki, isClosed: true }),
      opening({ ...wiki, routes: wiki.routes.slice(1) }),
      opening({ ...wiki, routes: [...wiki.routes, place("zoo.example.org")] }),
      opening({ ...wiki, routes: [place("wiki.example.org", "", false), ...wiki.routes.slice(1)] }),
    ];
    const digests = [opening(wiki), ...others].map(digestOf);
    expect(new Set(digests).size).toBe(digests.length);
    for (const digest of digests) expect(digest).toMatch(/^[\w-]{43}$/);
    expect(digestOf(structuredClone(opening(wiki)))).toBe(digests[0]);
  });

  test("no two openings with texts of any form have the same digest", () => {
    const text = fc.string({ unit: "binary" });
    const one = fc
      .tuple(text, text, text)
      .map(([name, host, pathPrefix]) => opening({ ...wiki, name, routes: [place(host, pathPrefix)] }));
    fc.assert(
      fc.property(one, one, (first, second) => {
        const isSame = JSON.stringify(first) === JSON.stringify(second);
        return (digestOf(first) === digestOf(second)) === isSame;
      }),
    );
  });

  test.each([
    ["nothing, by a change of access", opensNothing("org_1"), null],
    ["something, by a change of access", opening(wiki), "confirmation_required"],
    ["something, by the deletion of a credential", { ...opening(wiki), act: "deletion" } as const, null],
    ["nothing, by the end of neverPublic", { ...opening(), act: "never_public" } as const, "confirmation_required"],
  ])("a change that makes public %s is refused without a confirmation as it should", (_title, opened, reason) => {
    expect(refusalOf(opened)).toBe(reason);
    expect(refusalOf(opened, digestOf(opened))).toBeNull();
    expect(refusalOf(opened, digestOf(opening({ ...wiki, name: "Another" })))).toBe("preview_changed");
    expect(presentOpening(opened, true).needsConfirmation).toBe(reason !== null);
  });

  test("the preview names each host once, 20 applications and 20 hosts at most, and counts all of them", () => {
    const routes = Array.from({ length: 30 }, (_, at) => place(`${at}.example.org`));
    const many = Array.from({ length: 25 }, (_, at) => ({ ...wiki, applicationId: `app_${at}`, routes }));
    const shown = presentOpening(opening(wiki, ...many), true);
    expect([shown.total, shown.becomePublic.length]).toEqual([26, 20]);
    expect(shown.becomePublic[0]?.hosts).toEqual({ first: ["wiki.example.org", "www.example.org"], count: 2 });
    expect([shown.becomePublic[1]?.hosts?.first.length, shown.becomePublic[1]?.hosts?.count]).toEqual([20, 30]);
    expect(presentOpening(opening(wiki), false).becomePublic[0]?.hosts).toBeNull();
  });
});
