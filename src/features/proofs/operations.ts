import { list } from "./list";

export const proofs = { list };
