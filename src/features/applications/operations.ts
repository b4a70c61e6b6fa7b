import { close } from "./close";
import { configuration } from "./configuration";
import { create } from "./create";
import { remove } from "./delete";
import { list } from "./list";
import { move } from "./move";
import { one } from "./one";
import { reopen } from "./reopen";
import { update } from "./update";

export const applications = { create, one, list, update, close, reopen, move, configuration, delete: remove };
