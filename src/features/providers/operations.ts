import { create } from "./create";
import { remove } from "./delete";
import { list } from "./list";
import { one } from "./one";
import { testProvider } from "./test-provider";
import { update } from "./update";

export const providers = { create, one, list, update, delete: remove, test: testProvider };
