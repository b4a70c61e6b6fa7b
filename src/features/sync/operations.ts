import { prove } from "./prove";
import { status } from "./status";
import { wait } from "./wait";

export const sync = { prove, status, wait };
