import { create } from "./create";
import { list } from "./list";
import { one } from "./one";
import { remove, revoke } from "./revoke";
import { rotate } from "./rotate";
import { update } from "./update";

export const keys = { revoke, create, one, list, update, rotate, delete: remove };
