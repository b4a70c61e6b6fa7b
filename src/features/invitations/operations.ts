import { accept } from "./accept";
import { create } from "./create";
import { remove } from "./delete";
import { list } from "./list";
import { look } from "./look";

export const invitations = { create, list, delete: remove, look, accept };
