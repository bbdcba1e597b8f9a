/**
 * The player: steps all screens through the frames together. Runs in the browser; `frames` in the page's JSON
 * holds for each frame the addresses of its pictures and the path of its arrows.
 */
export const script = `
const frames = JSON.parse(document.getElementById('frames').textContent);
const byId = (id) => document.getElementById(id);
const [clip, motion, slider, button, shown] = ['clip', 'motion', 'slider', 'play', 'shown'].map(byId);
const arrows = document.querySelectorAll('.screen path');
const milliseconds = 120;
let timer;
for (const frame of frames) for (const address of [frame.clip, frame.motion]) new Image().src = address;
function show(index) {
  const frame = frames[index];
  clip.src = frame.clip;
  motion.src = frame.motion;
  for (const path of arrows) path.setAttribute('d', frame.arrows);
  slider.value = index;
  shown.value = 'frame ' + frame.number;
}
function play(on) {
  clearInterval(timer);
  if (on) timer = setInterval(() => show((Number(slider.value) + 1) % frames.length), milliseconds);
  button.textContent = on ? 'Pause' : 'Play';
  button.setAttribute('aria-pressed', on);
}
slider.addEventListener('input', () => { play(false); show(Number(slider.value)); });
button.addEventListener('click', () => play(button.textContent === 'Play'));
byId('arrows').addEventListener('change', (event) => {
  for (const path of arrows) path.style.display = event.target.checked ? '' : 'none';
});
play(!matchMedia('(prefers-reduced-motion: reduce)').matches);
`;
