"""Built-in tones: what each kind of note sounds like, as a WAV file in memory. Qt-free; plays nothing.

A kind is a short figure of notes, told apart by its shape: what goes well rises, what goes wrong falls, what needs a
hand repeats. SIM, LIVE and REPLAY differ in pitch and colour of the sound, so that one is not taken for another.
"""

import io
import wave
from collections.abc import Mapping

import numpy as np

from workstation.domain.accounts import Environment
from workstation.viewmodels.notes import NoteKind

RATE_HZ = 22_050
LOUDNESS = 0.35
"""Of full scale."""

FADE_S = 0.008
"""At both ends of a note, so that nothing clicks."""

Figure = tuple[tuple[int, int], ...]
"""Notes as (half tones above the ground tone, ms)."""

FIGURES: Mapping[NoteKind, Figure] = {
    NoteKind.FILL: ((0, 70), (7, 110)),
    NoteKind.PARTIAL: ((0, 70),),
    NoteKind.REJECT: ((7, 90), (1, 90), (-5, 160)),
    NoteKind.REFUSAL: ((1, 80), (-5, 120)),
    NoteKind.ARM: ((0, 60), (4, 60), (7, 90)),
    NoteKind.DISARM: ((7, 60), (4, 60), (0, 90)),
    NoteKind.STALE: ((-7, 120), (-7, 120)),
    NoteKind.LIMIT_NEAR: ((5, 80), (5, 80), (5, 80)),
    NoteKind.LIMIT_HIT: ((12, 140), (0, 140), (12, 140), (0, 140)),
    NoteKind.DISCONNECT: ((0, 130), (-4, 130), (-9, 200)),
    NoteKind.UNPROTECTED: ((9, 100), (8, 100), (9, 100), (8, 100)),
    NoteKind.ALERT: ((12, 60), (16, 60), (12, 60), (16, 90)),
    NoteKind.NOTICE: ((4, 90), (0, 90)),
}

_GROUND_HZ: Mapping[Environment, float] = {
    Environment.SIM: 523.25,
    Environment.LIVE: 784.0,
    Environment.REPLAY: 349.23,
}
_OVERTONES: Mapping[Environment, tuple[float, ...]] = {
    Environment.SIM: (1.0,),
    Environment.LIVE: (1.0, 0.5, 0.25),
    Environment.REPLAY: (1.0, 0.0, 0.33),
}
"""Strength of each multiple of the ground tone: a flute, a bell, a reed."""


def tone(kind: NoteKind, environment: Environment) -> bytes:
    """Return the tone of a kind as a mono WAV file of 16 bits."""
    ground, overtones = _GROUND_HZ[environment], _OVERTONES[environment]
    parts = [_note(ground * 2 ** (step / 12), ms / 1_000, overtones) for step, ms in FIGURES[kind]]
    samples = (np.concatenate(parts) * LOUDNESS * 32_767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE_HZ)
        sound.writeframes(samples.tobytes())
    return file.getvalue()


def _note(hertz: float, seconds: float, overtones: tuple[float, ...]) -> np.ndarray:
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    wave_form = np.zeros_like(time)
    for multiple, strength in enumerate(overtones, start=1):
        wave_form += strength * np.sin(2 * np.pi * hertz * multiple * time)
    edge = np.minimum(time, time[::-1]) / FADE_S
    shaped: np.ndarray = wave_form / sum(overtones) * np.minimum(edge, 1.0)
    return shaped
