import { type Break, breaksOf } from "../break";

/** What the pure rules must not lose. */
export const coreBreaks: readonly Break[] = [
  ...breaksOf(
    "src/core/client-address.ts",
    ["tests/core/client-address.test.ts"],
    [
      {
        of: "TM-38",
        says: "a forged header decides the address, whoever sends it",
        find: "if (address === null || !isAmong(address, trusted)) return address;",
        replace: "if (address === null) return address;",
      },
      {
        of: "TM-38",
        says: "the left-most address counts, which anybody can write",
        find: 'forwardedFor.split(",").reverse()',
        replace: 'forwardedFor.split(",")',
      },
    ],
  ),
  ...breaksOf(
    "src/core/api-keys.ts",
    ["tests/core/api-keys.test.ts"],
    [
      {
        of: "KEY",
        says: "a mistyped key costs a query",
        find: "if (!form.test(text) || checksum(text.slice(0, -8)) !== text.slice(-8)) return { ok: false };",
        replace: "if (!form.test(text)) return { ok: false };",
      },
    ],
  ),
];
