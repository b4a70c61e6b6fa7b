import type { Break } from "./break";
import { coreBreaks } from "./breaks/core";

/** Every break of the list; a part of the product has a file of its own. */
export const allBreaks: readonly Break[] = [...coreBreaks];
