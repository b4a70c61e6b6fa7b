import { FirstPage } from "../ui/first-page";

export default FirstPage;
