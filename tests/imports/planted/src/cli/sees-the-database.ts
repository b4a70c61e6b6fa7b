export { asSync } from "../database/as-sync";
