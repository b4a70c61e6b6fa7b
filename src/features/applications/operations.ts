import { close } from "./close";
import { create } from "./create";
import { remove } from "./delete";
import { list } from "./list";
import { one } from "./one";
import { reopen } from "./reopen";
import { update } from "./update";

export const applications = { create, one, list, update, close, reopen, delete: remove };
