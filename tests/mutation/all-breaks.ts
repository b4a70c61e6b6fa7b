import type { Break } from "./break";
import { apiBreaks } from "./breaks/api";
import { coreBreaks } from "./breaks/core";
import { coreTraefikBreaks } from "./breaks/core-traefik";
import { databaseBreaks } from "./breaks/database";
import { identityBreaks } from "./breaks/identity";
import { oidcBreaks } from "./breaks/oidc";
import { serviceBreaks } from "./breaks/services";
import { signInBreaks } from "./breaks/sign-in";
import { surroundingsBreaks } from "./breaks/surroundings";
import { syncBreaks } from "./breaks/sync";

/** Every break of the list; a part of the product has a file of its own. */
export const allBreaks: readonly Break[] = [
  ...coreBreaks,
  ...coreTraefikBreaks,
  ...databaseBreaks,
  ...serviceBreaks,
  ...apiBreaks,
  ...identityBreaks,
  ...signInBreaks,
  ...oidcBreaks,
  ...syncBreaks,
  ...surroundingsBreaks,
];
