"""The page on which a refused form stood, drawn again with what was typed.

One way for every form of every page. A view only reads its form (`acting.read`, which names
each field that cannot be taken) and calls its action, whose room refuses; nobody repeats how
a refusal is told. `drawing` finds the page and asks its own view for it, as the same person;
`markup` finds the form in it; `filling` puts back what was sent and says what was wrong,
beside the field that the refusal names or above the form.
"""

from madang.portal.again.drawing import drawn_again, form_address, words_sent

__all__ = ["drawn_again", "form_address", "words_sent"]
