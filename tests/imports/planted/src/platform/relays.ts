export { asSync as relayed } from "../database/as-sync";
