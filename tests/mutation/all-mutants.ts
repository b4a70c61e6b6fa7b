import type { Mutant } from "./mutant";
import { fastAndSmall } from "./mutants/fast-and-small";
import { neverOpenByAccident } from "./mutants/never-open-by-accident";
import { secretsStaySecret } from "./mutants/secrets-stay-secret";
import { tenantsCannotTouchEachOther } from "./mutants/tenants-cannot-touch-each-other";
import { whatItSaysIsSo } from "./mutants/what-it-says-is-so";

/** The mutants of each promise of the product (see `docs/architecture.md`). */
export const mutantsByPromise = {
  "Never open by accident": neverOpenByAccident,
  "Tenants cannot touch each other": tenantsCannotTouchEachOther,
  "Secrets stay secret": secretsStaySecret,
  "What it says is so": whatItSaysIsSo,
  "Fast and small": fastAndSmall,
} as const satisfies Readonly<Record<string, readonly Mutant[]>>;

/** Every mutant of the list. */
export const allMutants: readonly Mutant[] = Object.values(mutantsByPromise).flat();
