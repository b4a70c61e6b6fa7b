import { update } from "./update";

export const profile = { update };
