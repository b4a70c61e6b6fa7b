import { create } from "./create";
import { remove } from "./delete";
import { list } from "./list";
import { one } from "./one";
import { preview } from "./preview";
import { update } from "./update";

export const organizations = { create, one, list, preview, update, delete: remove };
