import { remove } from "./delete";
import { list } from "./list";
import { one } from "./one";
import { update } from "./update";

export const organizations = { one, list, update, delete: remove };
