"""The first account, and what ends with a session."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_out
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.db import IntegrityError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator

from conversations import first_account, sessions


class SetupForm(BaseUserCreationForm):  # type: ignore[type-arg] # not subscriptable at run time
    code = forms.CharField(
        label="Setup code",
        help_text="bin/serve printed it when it started.",
        error_messages={"required": "Enter the setup code that bin/serve printed."},
    )

    class Meta:
        model = User
        fields = ("username",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password2"].label = "Password again"
        if not settings.EXPOSED:
            del self.fields["code"]

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if not first_account.is_setup_code(code):
            raise forms.ValidationError("That is not the code that bin/serve printed.")
        return code


@login_not_required
def setup(request: HttpRequest) -> HttpResponse:
    if first_account.has_accounts():
        return redirect("login")
    form = SetupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save(commit=False)
        try:
            first_account.claim(user)
        except IntegrityError:
            return redirect("login")
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        return redirect("new_chat")
    status = 422 if form.errors else 200
    return render(request, "registration/setup.html", {"form": form}, status=status)


@method_decorator(login_not_required, name="dispatch")
class Login(LoginView):
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not first_account.has_accounts():
            return redirect("setup")
        return super().dispatch(request, *args, **kwargs)


class PasswordChange(PasswordChangeView):
    """The other sessions end with the old password; so do their sockets."""

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        sessions.note_new_password(form.user.pk)
        return response


@receiver(user_logged_out)
def close_sockets(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    if request.session.session_key:
        sessions.end(request.session.session_key)
