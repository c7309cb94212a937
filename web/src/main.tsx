import { createRoot } from "react-dom/client";
import { App } from "./app";
import { start_settings } from "./settings";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/controls.css";
import "./styles/pages.css";

start_settings();
const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
