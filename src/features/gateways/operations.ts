import { create } from "./create";
import { remove } from "./delete";
import { instructions } from "./instructions";
import { list } from "./list";
import { one } from "./one";
import { update } from "./update";

export const gateways = { create, one, list, instructions, update, delete: remove };
