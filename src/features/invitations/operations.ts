import { accept } from "./accept";
import { create } from "./create";
import { remove } from "./delete";
import { list } from "./list";
import { look } from "./look";
import { resend } from "./resend";

export const invitations = { create, list, resend, delete: remove, look, accept };
