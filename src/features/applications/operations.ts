import { close } from "./close";
import { configuration } from "./configuration";
import { create } from "./create";
import { remove } from "./delete";
import { explain } from "./explain";
import { list } from "./list";
import { move } from "./move";
import { one } from "./one";
import { preview } from "./preview";
import { previewMany } from "./preview-many";
import { reopen } from "./reopen";
import { update } from "./update";
import { updateMany } from "./update-many";

export const applications = {
  create,
  one,
  list,
  preview,
  update,
  previewMany,
  updateMany,
  close,
  reopen,
  move,
  configuration,
  explain,
  delete: remove,
};
