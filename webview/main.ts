import { App } from './app.ts';
import { registerControls } from './toolkit.ts';

registerControls();
const root = document.getElementById('report');
if (root !== null) new App(root).start();
