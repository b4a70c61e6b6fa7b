import { create } from "./create";
import { createMany } from "./create-many";
import { remove } from "./delete";
import { importFile } from "./import";
import { list } from "./list";
import { one } from "./one";
import { preview } from "./preview";
import { update } from "./update";

export const security = { create, one, list, preview, update, delete: remove, createMany, import: importFile };
