import { status } from "./status";
import { wait } from "./wait";

export const sync = { status, wait };
