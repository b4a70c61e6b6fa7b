import { remove } from "./delete";
import { leave } from "./leave";
import { list } from "./list";
import { one } from "./one";
import { setProjectRole } from "./set-project-role";
import { update } from "./update";

export const members = { one, list, update, setProjectRole, delete: remove, leave };
