"""The templates of labels and annotations: `{{ $labels.component }}` and `{{ $value }}`."""

import math
import re
from collections.abc import Mapping

from mlsim.scenario.refusal import Refusal

ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
LABEL = re.compile(r"\$labels\.([a-zA-Z_]\w*)")


def label_template(text: object) -> str:
    """A template of a label, checked; a value would make a new alert of each evaluation."""
    template = annotation_template(text)
    if "$value" in ACTION.findall(template):
        raise Refusal("must not use $value: labels tell alerts apart, so it belongs in annotations")
    return template


def annotation_template(text: object) -> str:
    """A template of an annotation, checked.

    Raises: Refusal that names the function, if the template calls one.
    """
    template = text if isinstance(text, str) else f"{text}"
    if "{{" in ACTION.sub("", template):
        raise Refusal("opens a template with {{ that no }} closes")
    for action in ACTION.findall(template):
        if action != "$value" and not LABEL.fullmatch(action):
            raise Refusal(_refusal(action))
    return template


def _refusal(action: str) -> str:
    words = re.findall(r"(?<![\w.$])[a-zA-Z]\w*", re.sub(r'"[^"]*"|`[^`]*`', "", action))
    what = f"template function '{words[0]}'" if words else f"template '{{{{ {action} }}}}'"
    return f"{what} is not supported: only {{{{ $labels.name }}}} and {{{{ $value }}}} are"


def render(template: str, labels: Mapping[str, str], value: float) -> str:
    """The text of a template for one alert; a label that it lacks is empty.

    >>> render("{{ $labels.component }} loses {{ $value }}", {"component": "gateway"}, 0.25)
    'gateway loses 0.25'
    """

    def of_action(match: re.Match[str]) -> str:
        label = LABEL.fullmatch(match[1])
        return labels.get(label[1], "") if label else number_text(value)

    return ACTION.sub(of_action, template)


def number_text(value: float) -> str:
    """A number as Go prints it, which is how Prometheus does.

    >>> number_text(3.0), number_text(1e21), number_text(1e-7), number_text(float("inf"))
    ('3', '1e+21', '1e-07', '+Inf')
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{value:+}".replace("inf", "Inf")
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    return repr(value)
