/** VitePress's own look; code without a language scrolls in its block instead of widening the page. */
import DefaultTheme from "vitepress/theme";
// A style has nothing to assign.
// oxlint-disable-next-line import/no-unassigned-import
import "./style.css";

// VitePress takes the default export.
// oxlint-disable-next-line import/no-default-export
export default DefaultTheme;
