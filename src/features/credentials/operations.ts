import { create } from "./create";
import { createMany } from "./create-many";
import { remove } from "./delete";
import { importFile } from "./import";
import { list } from "./list";
import { one } from "./one";
import { update } from "./update";

export const security = { create, one, list, update, delete: remove, createMany, import: importFile };
