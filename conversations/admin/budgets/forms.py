"""What staff type about budgets: how much, whose, and why there is more of it for once."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget
from django.contrib.auth.models import User
from django.utils import timezone

from conversations import accounting
from conversations.models import Budget, Period, Scope, UsdField
from conversations.text import storable, usd

from ..amounts import UsdInput

# USD of a limit, and of all that is added to it: sums must fit the database.
MOST = Decimal(1_000_000)

if TYPE_CHECKING:
    BudgetModelForm = forms.ModelForm[Budget]
else:
    BudgetModelForm = forms.ModelForm


class PersonField(forms.CharField):
    """Typed: there may be thousands, and who sets budgets need not be allowed to list them."""

    def __init__(self, **kwargs: Any) -> None:
        widget = AdminTextInputWidget({"autocomplete": "off", "autocapitalize": "none"})
        super().__init__(widget=widget, **kwargs)

    def clean(self, value: Any) -> User | None:
        name = super().clean(value)
        if not name:
            return None
        found = User.objects.filter(username=storable(name)).first()
        if found is None:
            raise forms.ValidationError("Nobody has this username.")
        return found


class BudgetForm(BudgetModelForm):
    person = PersonField(
        required=False,
        help_text="The username, for one person; theirs takes the place of the one for each.",
    )

    def clean_limit(self) -> Decimal:
        return _bounded(self.cleaned_data["limit"], MOST)


class AllowForm(forms.Form):
    """More of a budget until it resets."""

    person = PersonField(help_text="The username.")
    amount = UsdField().formfield(
        label="How much more", widget=UsdInput(), help_text="USD, for this period only."
    )
    reason = forms.CharField(
        max_length=300,
        widget=AdminTextInputWidget({"class": "vLargeTextField"}),
        help_text="Kept in the log with your name; it cannot be changed afterwards.",
    )
    # As it was when the form was read: what is allowed for one period is not for the next.
    begins = forms.DateField(widget=forms.HiddenInput())

    def __init__(self, budget: Budget, *args: Any, **kwargs: Any) -> None:
        self.budget = budget
        self.now = Period(budget.period).begin(timezone.localdate())
        super().__init__(*args, **kwargs)
        if budget.scope != Scope.EACH:
            del self.fields["person"]

    def clean_person(self) -> User:
        person: User = self.cleaned_data["person"]
        own = Budget.objects.filter(person=person, period=self.budget.period)
        if own.exists():
            raise forms.ValidationError("They have a budget of their own; allow more of that.")
        return person

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        if not amount:
            raise forms.ValidationError("More than nothing.")
        return amount

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "begins" in cleaned and cleaned["begins"] != self.now:
            raise forms.ValidationError("A new period has begun meanwhile. Look again.")
        if "amount" in cleaned and ("person" in cleaned or "person" not in self.fields):
            added = accounting.allowed_now(self.budget, cleaned.get("person"))
            try:
                _bounded(cleaned["amount"], MOST - added)
            except forms.ValidationError as error:
                self.add_error("amount", error)
        return cleaned


def _bounded(amount: Decimal, most: Decimal) -> Decimal:
    if amount > most:
        raise forms.ValidationError(f"At most {usd(max(most, Decimal(0)))}.")
    return amount
