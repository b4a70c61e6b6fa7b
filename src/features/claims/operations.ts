import { list } from "./list";
import { release } from "./release";

export const claims = { list, release };
