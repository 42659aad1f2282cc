"""Forms of applying, delivering and reviewing."""

from django import forms

from common.forms import LinksField


class ApplyForm(forms.Form):
    """A freelancer's application."""

    pitch = forms.CharField(
        label="Your pitch",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text="Why you, how you would go about it, and when you could start.",
    )
    links = LinksField(label="Links to work of yours", required=False)


class SubmitForm(forms.Form):
    """One delivery of work."""

    message = forms.CharField(
        label="What you deliver",
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text="What is done, and how to look at it.",
    )
    links = LinksField(label="Links", required=False)


class ChangesForm(forms.Form):
    """What the commissioner wants changed."""

    comment = forms.CharField(
        label="What should change?",
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
