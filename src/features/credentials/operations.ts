import { create } from "./create";
import { remove } from "./delete";
import { importFile } from "./import";
import { list } from "./list";
import { one } from "./one";
import { update } from "./update";

export const security = { create, one, list, update, delete: remove, import: importFile };
