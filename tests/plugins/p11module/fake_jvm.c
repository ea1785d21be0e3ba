/* By its name a Java virtual machine, which is all that the module looks at. */
int fake_jvm;
